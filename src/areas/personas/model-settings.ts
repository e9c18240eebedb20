/** The number that a client means: clients send numbers as text, too. Undefined for anything else. */
export const toNumber = (value: unknown): number | undefined => {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

type Rule = (value: unknown) => string | undefined

const range =
  (min: number, max: number): Rule =>
  (value) => {
    const number = toNumber(value)
    const isInRange = number !== undefined && number >= min && number <= max
    return isInRange ? undefined : `must be a number from ${min} to ${max}`
  }

const rules: Record<string, Rule> = {
  temperature: range(0, 2),
  top_p: range(0, 1),
  frequency_penalty: range(-2, 2),
  presence_penalty: range(-2, 2),
  context_window: (value) => {
    const number = toNumber(value)
    return Number.isInteger(number) && Number(number) > 0 ? undefined : 'must be a positive integer'
  },
  stop_sequences: (value) =>
    Array.isArray(value) && value.every((item) => typeof item === 'string') ? undefined : 'must be a list of strings',
}

const maxBytes = 65_536

/**
 * What is wrong with a persona's model settings (ai.md 9.2), or undefined. Unknown keys and nulls are left alone, as long
 * as all together has at most 64 KB as JSON.
 */
export const findModelSettingsFault = (settings: Record<string, unknown>): string | undefined => {
  for (const [name, rule] of Object.entries(rules)) {
    const value = settings[name]
    const fault = value === undefined || value === null ? undefined : rule(value)
    if (fault) return `${name} ${fault}`
  }
  return Buffer.byteLength(JSON.stringify(settings)) > maxBytes ? 'they have more than 64 KB as JSON' : undefined
}
