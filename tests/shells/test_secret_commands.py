"""Whether a statement prints a secret of a password manager."""

from __future__ import annotations

import pytest

from runbook_exec.shells.registry import SHELLS
from runbook_exec.shells.secret_commands import SecretUse, find_secret_use

PRINT = r"""
vault kv get secret/app
vault kv get -field=password secret/app | base64 -d
vault -address=https://v:8200 kv get -mount=s app
VAULT_ADDR=x vault kv get a
vault read database/creds/app
op read op://a/b/c
op item get X --fields password
pass show a/b
pass a/b
gpg -d x.gpg
gpg --quiet --batch -d x.gpg
gpg -dq x.gpg
sops -d f.yaml
sops --decrypt f.yaml
sops decrypt f.yaml
aws secretsmanager get-secret-value --secret-id x
aws --profile p secretsmanager get-secret-value --secret-id x --query SecretString --output text | jq .
aws ssm get-parameter --name /a --with-decryption
kubectl get secret x -o yaml
kubectl get secret x -ojson
kubectl -n a get secrets/x -o jsonpath='{.data.password}' | base64 -d
kubectl get secret x --template={{.data.password}}
kubectl get secret x --template='{{.data.password | base64decode}}'
kubectl get secret x -o go-template='{{.data.a}}'
kubectl get secret s -o json | jq -r .data.password
kubectl get secret s -o json | jq -r '.data | map_values(@base64d)'
kubectl exec -it vault-0 -- vault kv get secret/x
docker exec v vault kv get secret/x
ssh h 'op read op://a'
sudo -u a pass show b
az keyvault secret show --name a --vault-name b
az keyvault secret show -n a --query value -o tsv
gcloud secrets versions access latest --secret=a
bw get password a
security find-generic-password -s a -w
secret-tool lookup a b
echo "t $(op read op://a)"
for i in a b; do vault kv get $i; done
vault kv get a && echo ok
op read x 2>/dev/null
op read x | tee f
age -d -i k f.age
heroku config:get DATABASE_URL
gh auth token
""".strip().splitlines()

SET = r"""
X=$(op read op://a)
export X="$(vault kv get -field=a b)"
X=`pass show a`
X=$(kubectl get secret a -o jsonpath='{.data.p}' | base64 -d)
""".strip().splitlines()

DO_NEITHER = r"""
vault status
vault kv list secret/
vault kv put secret/a x=y
vault read sys/health
vault read database/roles/app
op --version
op read op://a/b --out-file x
op whoami
op item list
op read op://a/b | docker login -u x --password-stdin
pass ls
pass
pass -c a/b
pass show -c a/b
pass git push
pass insert a
gpg --decrypt x.gpg > y
gpg -o y -d x.gpg
gpg --list-keys
gpg --verify x.sig x
gpg -d x.tar.gpg | tar xv
gpg --output y --decrypt x
sops -d -i f.yaml
sops -d f.yaml > g.yaml
sops -e f.yaml
sops -d f | kubectl apply -f -
aws secretsmanager get-secret-value --secret-id x --query ARN
aws secretsmanager list-secrets
aws secretsmanager describe-secret --secret-id a
aws ssm get-parameter --name /a
aws sts get-caller-identity
aws ecr get-login-password | docker login --username AWS --password-stdin x
kubectl get secret x
kubectl get secrets -A
kubectl get secret x -o jsonpath='{.metadata.name}'
kubectl get secret x -o wide
kubectl get secret x -o name
kubectl get secret x -o jsonpath='{.data.ca\.crt}' | base64 -d
kubectl get pods -o yaml
kubectl get secret x -o yaml | yq '.metadata.ownerReferences'
kubectl get secrets -A -o json | kubectl replace -f -
kubectl get secretproviderclass -o yaml
az keyvault secret show --name a --vault-name b --query id
az keyvault secret list --vault-name b
gcloud secrets list
gcloud secrets versions access latest --secret=a --out-file=x
bw list items
bw status
bw get template item
security find-generic-password -s a
curl -H "Authorization: Bearer $(op read op://a)" https://x
echo $(vault status)
X=$(vault status)
if vault kv get a >/dev/null; then echo ok; fi
vault kv get a > /dev/null 2>&1
vault kv get x | grep -q y
vault kv get -h
echo 'vault kv get x'
grep 'op read' file
brew install pass
apt install gpg age
gpg --import k.asc
curl -fsSL https://x/gpg.key | gpg --dearmor -o /etc/x.gpg
curl https://x | sudo gpg --dearmor -o y
age -d -o y f.age
heroku config:set A=b
gh auth status
gh auth login --with-token < f
fly secrets list
""".strip().splitlines()

IN_FISH = {
    "set -x X (op read op://a)": SecretUse.SETS,
    "op read a | string trim": SecretUse.PRINTS,
    "echo (pass show a)": SecretUse.PRINTS,
    "set X (vault status)": SecretUse.NONE,
    "vault kv get a; and echo b": SecretUse.PRINTS,
}


def find(text: str, shell: str = "bash") -> SecretUse:
    """Return what a statement does with a secret, without whether it is one pipeline."""
    return find_secret_use(text, SHELLS[shell].find_commands) & ~SecretUse.ALONE


@pytest.mark.parametrize("text", PRINT)
def test_a_keeper_of_secrets_prints_one(text: str) -> None:
    """What passes it on, such as `jq` or `base64 -d`, does not change that."""
    assert find(text) == SecretUse.PRINTS


@pytest.mark.parametrize("text", SET)
def test_a_variable_is_set_to_what_it_prints(text: str) -> None:
    """The statement itself prints nothing."""
    assert find(text) == SecretUse.SETS


@pytest.mark.parametrize("text", DO_NEITHER)
def test_other_commands_are_no_false_alarm(text: str) -> None:
    """They print no secret, or print it into a file or a program that uses it."""
    assert find(text) == SecretUse.NONE


@pytest.mark.parametrize("text", IN_FISH)
def test_fish_is_read_as_fish(text: str) -> None:
    """Its substitutions and assignments are its own."""
    assert find(text, "fish") == IN_FISH[text]


@pytest.mark.parametrize(
    "text",
    ["vault kv get a | jq .x", "X=1 vault kv get a", "vault kv get a; true", "if vault kv get a; then :; fi"],
)
def test_only_one_pipeline_is_alone(text: str) -> None:
    """Its status is that of the keeper, and its output its error message if it fails."""
    alone = SecretUse.ALONE in find_secret_use(text, SHELLS["bash"].find_commands)
    assert alone == (";" not in text)
