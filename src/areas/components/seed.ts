import type { Deps } from '../../deps.ts'
import { newHexId } from '../../shared/ids.ts'
import { findComponent, insertComponent } from './components.store.ts'
import type { ComponentRow } from './components.table.ts'

/** What the web client has built in (auth.md 6.3). */
const systemComponents: Pick<ComponentRow, 'componentId' | 'name' | 'description' | 'icon'>[] = [
  { componentId: 'dashboard', name: 'Dashboard', description: 'The start page', icon: 'Dashboard' },
  {
    componentId: 'plugin-studio',
    name: 'Plugin Studio',
    description: 'Builds pages out of plugin modules',
    icon: 'Extension',
  },
  { componentId: 'settings', name: 'Settings', description: 'Settings of the account', icon: 'Settings' },
  {
    componentId: 'plugin-manager',
    name: 'Plugin Manager',
    description: 'Installs, updates and removes plugins',
    icon: 'Extension',
  },
]

/** The built-in components of an account. What is there already stays; the caller opens the transaction. */
export const seedComponents = ({ db, clock }: Pick<Deps, 'db' | 'clock'>, userId: string): void => {
  const createdAt = clock()
  for (const system of systemComponents) {
    if (findComponent(db, userId, system.componentId)) continue
    insertComponent(db, { ...system, id: newHexId(), userId, isSystem: true, createdAt, updatedAt: null })
  }
}
