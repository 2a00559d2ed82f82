# Completion of amethyst_bench for bash: its options, as --help lists them, and its workloads, as --list does.

_amethyst_bench() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} program=${COMP_WORDS[0]}
  COMPREPLY=()
  case $previous in
    --dir) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
    --json | --html) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    *)
      if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$("$program" --help 2> /dev/null < /dev/null |
          grep -oE -- '^  +(-., ?)?--[a-z-]+' | grep -o -- '--.*')" -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -W "$("$program" --list 2> /dev/null < /dev/null |
          sed -n '/^Engines/q; s/^  \([a-z][a-z0-9]*\) .*/\1/p')" -- "$word")
      fi
      ;;
  esac
}

complete -F _amethyst_bench amethyst_bench
