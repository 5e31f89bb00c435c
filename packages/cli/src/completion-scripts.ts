/** The word by which the scripts ask this command for completions: the words so far follow, the last one unfinished. */
export const COMPLETE_WORDS = "__complete";

export type Shell = "bash" | "zsh" | "fish";

/** For each shell the script that asks `carrick __complete`; where it proposes nothing, file names are completed. */
export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `
_carrick() {
  local command=\${COMP_WORDS[0]/#\\~/$HOME}
  mapfile -t COMPREPLY < <("$command" ${COMPLETE_WORDS} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2> /dev/null)
}
complete -o default -F _carrick carrick
`,
  zsh: `
_carrick() {
  local -a found
  found=("\${(@f)$(\${~words[1]} ${COMPLETE_WORDS} "\${(@)words[2,CURRENT]}" 2> /dev/null)}")
  if [[ -n "\${found[1]}" ]]; then compadd -- "\${found[@]}"; else _files; fi
}
compdef _carrick carrick
`,
  fish: `
function __carrick_complete
  set -l words (commandline -opc)
  $words[1] ${COMPLETE_WORDS} $words[2..] (commandline -ct | string collect --allow-empty) 2> /dev/null
end
complete -c carrick -a '(__carrick_complete)'
`,
};
