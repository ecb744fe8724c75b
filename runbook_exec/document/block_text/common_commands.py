"""Tells lines that begin like a command from prose and output."""

from __future__ import annotations

import re

from ...text.lazy_pattern import LazyPattern

_NAMES = """
a2enmod a2ensite add-apt-repository age alias ansible ansible-playbook apachectl apk apt apt-get apt-key
argocd asdf at awk aws az azd base64 basename bash bat bazel boundary brew buildah builtin bun bundle
busctl bw caddy cargo cat cd cdk ceph certbot cf chcon chef chgrp chmod chown chroot clang clear
cloudflared cmake cmctl cockroach column command composer conda conftest consul controller-gen copy-id
cosign cp crane createdb createuser crictl crontab ctr curl curlie cut date dd declare defaults deno
devspace df diff dig dirname diskutil dive dmesg dmidecode dnf docker docker-compose doctl dotnet dpkg
dropdb dscl du e2fsck eb echo eksctl env envsubst etcdctl ethtool eval exec exim exit expect export
false fd fdisk file find firewall-cmd fish fission flatpak flux fly flyctl free fsck func function
garden gcc gcloud gdb gds gem getenforce getent gettext gh git go govc gpg gpgconf gradle grep groupadd
grpcurl grype gsettings gsutil gunzip gzip haproxy hash hcloud hdiutil hdparm head helm helmfile heroku
host hostname hostnamectl http httpie ibmcloud id ifconfig incus influx initdb insmod install ip
iptables istioctl java javac journalctl jq juju just k3d k3s k9s kafka-topics.sh kill kind kn knife kops
kubeadm kubebuilder kubectl kubectx kubelogin kubens kubeseal kustomize launchctl ld ldconfig less let
linode-cli ln local logcli loginctl logrotate longhornctl ls lsblk lsmod lsof ltrace lvcreate lvextend
lvs lxc lxd maas machinectl mage mailq make mamba mastodon md5sum memcached microk8s minikube mise mkdir
mkfs mkfs.ext4 mkswap mktemp modprobe mongo mongosh more mount mtr multipass mv mvn mysql mysqladmin
mysqldump mysqlsh nano nc netstat networksetup nft nginx ngrok ninja nix nmap nmcli node nohup nomad nox
npm npx nslookup nvm objdump oc oci odf okteto omnictl op opa open openssl operator-sdk opkg packer
pacman parted pass passwd paste pbcopy pbpaste perf perl pg_ctl pg_dump pg_restore pgbench php ping pip
pip3 pipenv pkill pmset pnpm podman poetry popd postconf postqueue printf ps psql pulumi puppet pushd
pvcreate pvs pwd pyenv pytest python python3 rabbitmqctl rados rails rake rbd rbenv read readlink
realpath redis-cli resize2fs restorecon rg rm rmdir rpm rsync rsyslogd ruby rustc rustup salt sam scp
screen script scutil security sed semanage seq service set setenforce sftp sh sha256sum shred shutdown
skaffold skopeo sleep smartctl snap snapcraft softwareupdate sops sort source split sqlcmd sqlite3 ss
ssh ssh- ssh-add ssh-keygen stat step strace strip su sudo sudoedit swa swapoff swapon swift syft sysctl
systemctl tail tailscale talosctl tar task tcpdump tee telepresence terraform test tflint tfsec tilt
time timedatectl tkn tmux touch tox tr traceroute traefik trap tree trivy true tshark type ufw ulimit
umask umount unalias uname uniq unset unzip update-grub useradd usermod uv vagrant varnishadm vault
velero vgcreate vgs vi vim virsh virtualenv visudo vtctldclient watch waypoint wc websocat wg wg-quick
wget which whoami whois wipefs xargs xclip xfs_repair xsel yarn ykman yq yum zcat zenity zfs zip zpool
zsh zypper
"""

_COMMANDS = frozenset(_NAMES.split())

# Words that begin a comment as often as a command: an option or a path must follow.
_AMBIGUOUS = """
at cat command cut date echo exec exit export expect file find func go head host id install just kill less let
local more mount open pass read script security service set sort source split step stat strip task test time
true false type watch
"""

_VERBS = frozenset(_AMBIGUOUS.split())

_ENGLISH = LazyPattern(
    r"\b(?:the|a|an|to|and|for|of|is|are|in|this|that|your|you|it|with|if|then|as|on|from|or|by|be|we|new|all|our"
    r"|should|will|now|first|using|when|before|after)\b",
    re.IGNORECASE,
)

_WORD = LazyPattern(r"(?:\w+=\S*[ \t]+)*(?:sudo[ \t]+(?:-\S+[ \t]+)*)?([\w./~$+-]+)")

_SYNTAX = LazyPattern(r"(?:^|\s)(?:--?[A-Za-z]|[~.]?/[\w.])|[|&;<>]|=\S|\$")

_ASSIGNMENT = LazyPattern(r"[A-Za-z_]\w*\+?=")


def first_word(line: str) -> str:
    """Return the command word of a line, without `sudo` and assignments; "" for none."""
    found = _WORD.match(line.strip())
    return found[1] if found else ""


def is_known_command(line: str) -> bool:
    """Return whether a line begins with an assignment, a path or the name of a common command."""
    text = line.strip()
    word = first_word(text)
    return bool(_ASSIGNMENT.match(text)) or word in _COMMANDS or "/" in word or word.startswith("$")


def is_certain_command(text: str) -> bool:
    """Return whether text begins with a common command and has no word of prose."""
    return first_word(text) in _COMMANDS and _ENGLISH.search(text) is None


def is_plausible_command(line: str) -> bool:
    """Return whether a line begins with a known command, or has an option, a path or an operator."""
    return is_known_command(line) or (bool(first_word(line)) and _SYNTAX.search(line) is not None)


def looks_like_command(text: str) -> bool:
    """Return whether the text after `# ` is more likely a command of root than a comment."""
    word = first_word(text)
    if word not in _COMMANDS and not word.startswith(("/", "./")):
        return False
    if _SYNTAX.search(text):
        return _ENGLISH.search(text) is None or text.count(" -") > 0
    return word not in _VERBS and _ENGLISH.search(text) is None
