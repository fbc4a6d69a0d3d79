// The grammar of `left completion` and `left man`. Hidden: packages call them, and a person once. Called by program.ts.

import type { Command } from 'commander'

const COMPLETION_EXAMPLES = `
Examples:
  left completion bash > ~/.local/share/bash-completion/completions/left
  left completion zsh > ~/.zfunc/_left                 with ~/.zfunc in fpath, before compinit
  left completion fish > ~/.config/fish/completions/left.fish
`

/** `program` is whole when one of them runs. */
export function addPrintingCommands(program: Command): void {
  program
    .command('completion', { hidden: true })
    .description('print the completions of bash, zsh or fish')
    .argument('<shell>')
    .allowExcessArguments(false)
    .addHelpText('after', COMPLETION_EXAMPLES)
    .action(async (shell: string) => {
      const { completionOf } = await import('./print.js')
      process.stdout.write(completionOf(shell, program))
    })
  program
    .command('man', { hidden: true })
    .description('print the manual page as roff')
    .allowExcessArguments(false)
    .action(async () => {
      const { manualOf } = await import('./print.js')
      process.stdout.write(manualOf(program))
    })
}
