# Types a line and a tab in a zsh of its own, and prints what that makes of it.
#
#   zsh -f complete_in.zsh FOLDER LINE        FOLDER holds the completion
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; fpath=($1 \$fpath); unsetopt zle_bracketed_paste; autoload -Uz compinit; compinit -u -d ./zcompdump; print READY\$((1+1))"
zpty -r shell said '*READY2*'
zpty -w -n shell "$2"$'\t'
# The line as it is then, made an argument of print; its answer is the last line.
zpty -w -n shell $'\C-aprint -r -- "<\C-e>"\n'
zpty -r shell said $'*\n<*>*'
print -r -- "${${said##*$'\n'<}%%>*}"
zpty -d shell
