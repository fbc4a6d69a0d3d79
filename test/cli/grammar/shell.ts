// Real shells that complete lines of `left` with a script of ours, each with a home of its own.

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../../io/temporary-folder.js'

export type Shell = 'bash' | 'zsh' | 'fish'

/** Why there is nothing to be tried with; undefined where there is. */
export function whyNo(program: string): string | undefined {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error && `${program} is not installed`
}

/** By line, as it stands before the cursor: the candidates for its last word, sorted. All are completed in a folder that holds
 *  'some file' and 'some folder'. */
export function complete(shell: Shell, script: string, lines: readonly string[]): Record<string, string[]> {
  const home = temporaryFolder()
  const file = join(home, 'script')
  writeFileSync(file, script)
  const folder = join(home, 'current')
  mkdirSync(join(folder, 'some folder'), { recursive: true })
  writeFileSync(join(folder, 'some file'), '')
  const [command, ...words] = COMMANDS[shell]
  const output = execFileSync(command!, [...words, file, ...lines], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: home, TERM: 'xterm', LC_ALL: 'C.UTF-8' },
    encoding: 'utf8',
  })
  const answers = output.split('=\n').map((answer) => answer.split('\n').filter((name) => name !== ''))
  return Object.fromEntries(
    lines.map((line, index) => [line, [...new Set(answers[index]?.map(plain))].sort()]),
  )
}

/** Without what a shell adds for the command line. */
function plain(name: string): string {
  return name.replaceAll('\\', '').replace(/\/$/, '')
}

const IN_BASH = `
source "$1" && shift
for line in "$@"; do
  COMP_WORDS=($line)
  [[ $line == *' ' ]] && COMP_WORDS+=('')
  COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
  _left
  printf '%s\\n' "\${COMPREPLY[@]}" =
done
`

/** zsh completes in an editor only, which needs a terminal: zpty is one. compadd is made to say what it would show. */
const IN_ZSH = `
zmodload zsh/zpty
zpty inner zsh -f -i
line() { zpty -w inner "$1" }
line 'PS1= PS2= ; stty -echo; autoload -Uz compinit && compinit -u -D'
line "source $1"
line 'compadd() {
  local -a found
  [[ \${*[(I)-(O|A|D)*]} -gt 0 ]] && { builtin compadd "$@"; return }
  builtin compadd -A found "$@"
  (( $#found )) && print -rl -- "<"$^found">"
  builtin compadd "$@"
}'
line 'complete-and-say() { zle complete-word; print -r -- "<end>"; BUFFER= }'
line 'zle -N complete-and-say; bindkey "^X" complete-and-say; print -r -- "<ready"">"'
zpty -r inner seen '*<ready>*'
shift
for text in "$@"; do
  zpty -w -n inner "$text"$'\\x18'
  zpty -r inner seen '*<end>*'
  print -r -- "$seen" | tr -d '\\r' | grep -o '<[^<>]*>' | sed 's/^<//; s/>$//; s/^end$/=/'
done
zpty -d inner
`

const IN_FISH = `
source $argv[1]
for line in $argv[2..-1]
    complete -C $line | string replace -r '\\t.*' ''
    echo =
end
`

const COMMANDS: Readonly<Record<Shell, readonly string[]>> = {
  bash: ['bash', '--norc', '--noprofile', '-c', IN_BASH, 'bash'],
  zsh: ['zsh', '-f', '-c', IN_ZSH, 'zsh'],
  fish: ['fish', '--no-config', '-c', IN_FISH],
}
