import type { SecretBox } from '../../shared/secret-box.ts'

const contextOf = (instanceId: string) => `settings_instances:${instanceId}`

/** Any JSON value, encrypted for the row `instanceId`. Null stays null. */
export const sealValue = (box: SecretBox, instanceId: string, value: unknown): string | null =>
  value === null || value === undefined ? null : box.seal(JSON.stringify(value), contextOf(instanceId))

export const openValue = (box: SecretBox, instanceId: string, sealed: string | null): unknown =>
  sealed === null ? null : (JSON.parse(box.open(sealed, contextOf(instanceId))) as unknown)
