# Completion of amethystd for bash: a file of settings, and the settings that --help names.

_amethystd() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} program=${COMP_WORDS[0]}
  COMPREPLY=()
  case $previous in
    --dir | --tls-ca-cert-dir) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
    --appendfsync) mapfile -t COMPREPLY < <(compgen -W "always everysec no" -- "$word") ;;
    --log-format) mapfile -t COMPREPLY < <(compgen -W "text json" -- "$word") ;;
    --*-file | --unixsocket | --logfile) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    *)
      if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$("$program" --help 2> /dev/null < /dev/null |
          grep -oE -- '--[a-z][a-z-]+' | sort -u)" -- "$word")
      elif [[ $COMP_CWORD == 1 ]]; then
        mapfile -t COMPREPLY < <(compgen -W import -- "$word"; compgen -f -- "$word")
      elif [[ $previous == import ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
      fi
      ;;
  esac
}

complete -F _amethystd amethystd
