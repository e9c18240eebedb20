import { newNonce } from '../../shared/ids.ts'

const pluginId = 'BrainDriveChat'
const moduleId = 'BrainDriveChat'

/** What the chat module of the page starts with (auth.md 6.6). */
const args = {
  moduleId,
  displayName: 'AI Chat Interface',
  conversation_type: 'chat',
  default_library_scope_enabled: false,
  default_project_slug: null,
  default_project_lifecycle: 'active',
  apply_defaults_on_new_chat: true,
  lock_project_scope: false,
  lock_persona_selection: false,
  lock_model_selection: false,
  default_scope_root: null,
  default_scope_path: null,
}

/** One chat on the whole page. Clients fill `modules` in themselves. */
export const firstPageContent = (now: number) => {
  const i = `${pluginId}_${moduleId}_${now}_${newNonce().slice(0, 8)}`
  const chat = (w: number, h: number) => [{ i, x: 0, y: 0, w, h, pluginId, args }]
  return { layouts: { desktop: chat(12, 10), tablet: chat(4, 3), mobile: chat(4, 3) }, modules: {} }
}
