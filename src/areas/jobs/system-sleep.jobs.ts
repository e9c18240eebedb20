import { t } from 'elysia'
import { IntegerInput } from '../../http/wire-types.ts'
import { sleep } from '../../shared/sleep.ts'
import { defineJob } from './job-type.ts'

const maxSeconds = 3600

/** Does nothing for a while: for trying out the queue (work.md 1.2). */
export const systemSleep = defineJob({
  name: 'system.sleep',
  payload: t.Object({ seconds: t.Optional(IntegerInput({ minimum: 0, maximum: maxSeconds, default: 1 })) }),
  secretFields: [],
  timeoutMs: ({ seconds = 1 }) => seconds * 1000 + 60_000,
  isResumable: false,
  async run(_deps, { seconds = 1 }, { signal, report }) {
    if (seconds === 0)
      report({ percent: 100, stage: 'completed', message: 'No sleep requested', data: { slept_seconds: 0 } })
    for (let slept = 0; slept < seconds; slept++) {
      await sleep(1000, signal)
      report({
        percent: Math.floor(((slept + 1) * 100) / seconds),
        stage: 'sleeping',
        message: `Slept ${slept + 1} of ${seconds} seconds`,
        data: { slept_seconds: slept + 1 },
      })
    }
    return { slept_seconds: seconds }
  },
})
