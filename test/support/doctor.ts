import type { Finding } from '../../src/operate/doctor/finding.ts'
import { runCliJson } from './run-cli.ts'

/** What `doctor` says of a folder, with its exit code. */
export const runDoctor = async (dir: string, args: string[] = [], env: Record<string, string> = {}) => {
  const { json, exitCode, err } = await runCliJson(['doctor', '--dir', dir, ...args], { env: { PORT: '0', ...env } })
  const findings = (json?.findings ?? []) as Finding[]
  return {
    exitCode,
    err,
    findings,
    of: (check: string) => findings.filter((one) => one.check === check),
    problems: findings.filter(({ severity }) => severity === 'problem').map(({ check }) => check),
  }
}
