import { Command } from 'commander'
import { inspectConfig } from '../config.ts'
import { examineInstallation } from '../operate/doctor/examine-installation.ts'
import { type Finding, problem, type Severity } from '../operate/doctor/finding.ts'
import { CommandError, exitCodes, paint, print, printJson } from './output.ts'
import { environmentOf, givenBy, withServerOptions } from './settings.ts'

const signs: Record<Severity, [text: string, style: 'green' | 'yellow' | 'red']> = {
  ok: ['ok     ', 'green'],
  warning: ['warning', 'yellow'],
  problem: ['PROBLEM', 'red'],
}

const show = ({ check, severity, message, advice }: Finding) => {
  const [text, style] = signs[severity]
  print(`${paint(style, text)}  ${check}: ${message}`)
  if (advice) print(`         → ${advice}`)
}

const doctor = async (flags: { dir?: string; json?: boolean }) => {
  const { config, problems: faults } = inspectConfig(environmentOf(flags), givenBy(flags))
  const findings = [
    ...faults.map((fault) => problem('configuration', fault, 'See "braindrive config show" and the README.')),
    ...(await examineInstallation(config, Date.now())),
  ]
  const problems = findings.filter(({ severity }) => severity === 'problem').length
  if (flags.json) printJson({ ok: problems === 0, findings: findings.map((one) => ({ advice: null, ...one })) })
  else for (const one of findings) show(one)
  if (problems > 0) throw new CommandError(`${problems} problems were found`, exitCodes.problems)
}

export const doctorCommand = () =>
  withServerOptions(new Command('doctor'))
    .description(
      'look for what is wrong with an installation, also beside a running server; exit code 4 if anything is',
    )
    .option('--json', 'for scripts')
    .action(doctor)
