import { Argument, Command } from 'commander'
import { print } from './output.ts'

const flagsOf = (command: Command): string[] =>
  command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ short, long }) => [long, short].filter((one) => one !== undefined))

const wordsOf = (command: Command): string[] => [
  ...command
    .createHelp()
    .visibleCommands(command)
    .map((one) => one.name()),
  ...flagsOf(command),
]

/** What may follow each chain of commands, e.g. `backup` → `create list …`. */
const listWords = (command: Command, path: string[] = []): [path: string, words: string[]][] => [
  [path.join(' '), wordsOf(command)],
  ...command.commands.flatMap((one) => listWords(one, [...path, one.name()])),
]

const bashBody = (program: Command) => `  local path="" word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do [[ $word == -* ]] || path="\${path:+$path }$word"; done
  case "$path" in
${listWords(program)
  .map(([path, words]) => `    "${path}") words="${words.join(' ')}" ;;`)
  .join('\n')}
    *) words="" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))`

const bash = (program: Command) => `_braindrive() {
${bashBody(program)}
}
complete -o default -F _braindrive braindrive`

const scripts = {
  bash,
  // zsh reads completions of bash, once it is told to.
  zsh: (program: Command) => `autoload -U +X bashcompinit && bashcompinit\n${bash(program)}`,
  fish: (program: Command) =>
    listWords(program)
      .map(([path, words]) => {
        const names = path.split(' ').filter(Boolean)
        const seen = names.map((name) => `__fish_seen_subcommand_from ${name}`).join('; and ')
        const condition = seen || '__fish_use_subcommand'
        return `complete -c braindrive -n '${condition}' -a '${words.join(' ')}'`
      })
      .join('\n'),
}

export const completionCommand = () =>
  new Command('completion')
    .description('print a completion script, e.g. for: source <(braindrive completion bash)')
    .addArgument(new Argument('<shell>').choices(Object.keys(scripts)))
    .action((shell: keyof typeof scripts, _flags, command: Command) => {
      const program = command.parent
      if (program) print(scripts[shell](program))
    })
