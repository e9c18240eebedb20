import type { Deps } from '../../deps.ts'
import { newUuid } from '../../shared/ids.ts'
import { builtInDefinitions } from './catalog.ts'
import { ensureDefinition } from './definitions.store.ts'
import { sealValue } from './sealed-value.ts'
import { ensureInstance } from './settings.store.ts'

/** The built-in definitions, and this user's own instance of each (auth.md 6.2). What is there already stays. */
export const seedSettings = ({ db, clock, secretBox }: Pick<Deps, 'db' | 'clock' | 'secretBox'>, userId: string) => {
  const now = clock()
  for (const definition of builtInDefinitions) {
    ensureDefinition(db, { ...definition, createdAt: now, updatedAt: now })
    const id = newUuid()
    ensureInstance(db, {
      id,
      definitionId: definition.id,
      name: definition.name,
      value: sealValue(secretBox, id, definition.defaultValue),
      scope: 'user',
      userId,
      pageId: null,
      createdAt: now,
      updatedAt: now,
    })
  }
}
