# Completion of amethyst for bash: its commands and options, as `amethyst --help` and `amethyst help COMMAND` list them.

_amethyst() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} program=${COMP_WORDS[0]} commands command
  COMPREPLY=()
  if [[ $previous == --db ]]; then
    mapfile -t COMPREPLY < <(compgen -d -- "$word")
    return
  fi
  commands=$("$program" help 2> /dev/null < /dev/null | sed -n 's/^  \([a-z][a-z]*\).*/\1/p')
  for command in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if grep -qx -- "$command" <<< "$commands" && [[ $previous != help ]]; then
      if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$("$program" help "$command" 2> /dev/null < /dev/null |
          grep -o -- '^  --[a-z-]*')" -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
      fi
      return
    fi
  done
  mapfile -t COMPREPLY < <(compgen -W "$commands $("$program" --help 2> /dev/null < /dev/null |
    grep -o -- '^  --[a-z-]*')" -- "$word")
}

complete -F _amethyst amethyst
