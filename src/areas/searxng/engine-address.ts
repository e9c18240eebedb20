import type { Deps } from '../../deps.ts'
import { findSystemSettingValue } from '../settings/settings.service.ts'
import { engineFailed } from './searxng.errors.ts'

export type AddressDeps = Pick<Deps, 'db' | 'secretBox' | 'log' | 'config'>

/** The setting that an administrator makes for everybody (scope system): `{"url": "http://…"}`, or the address alone. */
const definitionId = 'searxng_settings'

const toAddress = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Reflect.get(value, 'url') : value

const isUsable = (address: unknown): address is string => {
  if (typeof address !== 'string') return false
  const url = URL.parse(address.trim())
  if (!url || !/^https?:$/.test(url.protocol)) return false
  // Everybody is shown the address, so that it must not hold a password.
  return `${url.username}${url.password}${url.search}${url.hash}` === ''
}

/**
 * Where SearXNG is, without a slash at the end: what administrators set, else `SEARXNG_URL`. Throws 502 for a setting that
 * is no address, rather than asking another engine than the one that was meant.
 */
export const findEngineAddress = (deps: AddressDeps): string => {
  const address = toAddress(findSystemSettingValue(deps, definitionId)) ?? ''
  if (address === '') return deps.config.searxngUrl
  if (!isUsable(address)) throw engineFailed(`the system setting ${definitionId} has no http address in url`)
  return address.trim().replace(/\/+$/, '')
}
