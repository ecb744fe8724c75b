# Completions of runbook-exec for bash, 3.2 and newer. The program lists what a word can be.

_runbook_exec() {
    local word glue= last current cut value quoted words=()
    # bash divides words at = and :, which values here can have
    for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
        last=$((${#words[@]} - 1))
        if [[ $last -ge 0 && (-n $glue || $word == [=:]*) ]]; then
            words[last]+=$word
        else
            words+=("$word")
        fi
        glue=
        [[ $word == *[=:] ]] && glue=1
    done
    last=$((${#words[@]} - 1))
    words=("${words[@]//[\\\"\']/}")
    current=${words[last]}
    cut=
    [[ $current == *[=:]* ]] && cut=${current%"${current##*[=:]}"}
    COMPREPLY=()
    while IFS=$'\t' read -r value _; do
        value=${value#"$cut"}
        printf -v quoted %q "$value"
        [[ $value == "~/"* ]] && printf -v quoted '~/%q' "${value#\~/}"
        COMPREPLY+=("$quoted")
    done < <("${1/#\~\//$HOME/}" __complete -- "${words[@]}" 2>/dev/null)
    # more can follow these
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[/=#:] ]] && compopt -o nospace 2>/dev/null
    return 0
}

complete -o nosort -F _runbook_exec runbook-exec 2>/dev/null || complete -F _runbook_exec runbook-exec
