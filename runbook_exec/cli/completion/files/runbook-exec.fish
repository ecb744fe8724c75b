# Completions of runbook-exec for fish. The program lists what a word can be.

function __runbook_exec_complete
    # fish 4 has -x for what fish 3 calls -o; both remove quotes
    set -l words (commandline -xpc 2>/dev/null; or commandline -opc)
    set -l current (string unescape -- (commandline -ct); or commandline -ct)
    test -n "$current"; or set current ''
    set words[1] (string replace -r '^~/' $HOME/ -- $words[1])
    $words[1] __complete -- $words[2..] "$current" 2>/dev/null
end

complete -c runbook-exec -e
complete -c runbook-exec -f -k -a '(__runbook_exec_complete)'
