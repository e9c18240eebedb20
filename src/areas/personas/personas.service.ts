import type { Deps } from '../../deps.ts'
import { toHexId } from '../../shared/ids.ts'
import { personaNotFound } from './personas.errors.ts'
import { ownsPersona } from './personas.store.ts'

/** The stored spelling of a persona's id, null for none. Throws 404 unless the persona is the user's own. */
export const checkPersona = (
  { db }: Pick<Deps, 'db'>,
  userId: string,
  personaId: string | null | undefined,
): string | null => {
  if (!personaId) return null
  if (!ownsPersona(db, userId, personaId)) throw personaNotFound()
  return toHexId(personaId)
}
