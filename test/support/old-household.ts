import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ada, dashed, encryptOld, oldInstallation, oldUser } from './old-installation.ts'
import { pluginPackage, writePackage } from './plugin-packages.ts'

export const hex = (digit: string) => digit.repeat(32)

export const ids = {
  chatPage: hex('1'),
  route: hex('2'),
  dashboard: hex('3'),
  persona: hex('4'),
  conversation: dashed(hex('5')),
  tag: hex('6'),
  job: dashed(hex('7')),
  state: dashed(hex('8')),
  component: hex('9'),
}
export const openAiKey = 'sk-0123456789abcdefghijklmnop'
export const lampId = `${ada}_Lamp`

export const chatContent = {
  layouts: {
    desktop: [
      { i: 'Lamp_LampOn_1', x: 0, y: 0, w: 12, h: 10, pluginId: 'Lamp', args: { moduleId: `${lampId}_LampOn` } },
    ],
  },
  modules: {},
}

/** One family's server, as it was left: one user with something in every part. `openAiUrl`: where the user's OpenAI is. */
export const oldHousehold = async (openAiUrl: string) => {
  const old = oldInstallation()
  const user_id = ada
  old.insert(
    'users',
    oldUser(ada, 'ada', { full_name: 'Ada Lovelace', version: '0.6.0', created_at: '2025-01-02 03:04:05' }),
  )
  old.insert('user_roles', { id: hex('a'), role_name: 'admin', is_global: 1 })
  old.insert('tenants', { id: hex('b'), name: 'Home' })
  old.insert('tenant_users', { id: hex('c'), tenant_id: hex('b'), user_id, role_id: hex('a'), is_owner: 1 })
  old.insert('settings_definitions', {
    id: 'openai_api_keys_settings',
    name: 'OpenAI',
    category: 'auto_generated',
    type: 'object',
    description: 'Auto-generated definition for OpenAI',
    default_value: JSON.stringify({ api_key: openAiKey }),
    allowed_scopes: '["SYSTEM","user"]',
    tags: '["auto_generated"]',
  })
  old.insert('settings_instances', {
    id: 'openai_settings_of_ada',
    definition_id: 'openai_api_keys_settings',
    name: 'OpenAI',
    value: encryptOld({ api_key: openAiKey, base_url: openAiUrl }),
    scope: 'USER',
    user_id,
  })
  old.insert(
    'navigation_routes',
    { id: ids.dashboard, name: 'Your BrainDrive', route: 'dashboard', creator_id: ada, is_system_route: 1 },
    {
      id: ids.route,
      name: 'Chats',
      route: 'chats',
      creator_id: ada,
      parent_id: ids.dashboard,
      default_page_id: dashed(ids.chatPage),
      order: 7,
    },
  )
  old.insert('pages', {
    id: ids.chatPage,
    name: 'AI Chat',
    route: 'ai-chat-1735780000',
    content: JSON.stringify(chatContent),
    creator_id: ada,
    navigation_route_id: ids.route,
    is_published: 1,
    publish_date: '2025-01-02 03:04:05.123456',
    created_at: '2025-01-02 03:04:05',
  })
  old.insert('components', { id: ids.component, name: 'Dashboard', component_id: 'dashboard', is_system: 1, user_id })
  old.insert('personas', {
    id: ids.persona,
    name: 'Pirate',
    system_prompt: 'You are a PIRATE',
    model_settings: '{"temperature": 0.5}',
    tags: '["sea", "\\u2693"]',
    user_id,
  })
  old.insert('conversations', {
    id: ids.conversation,
    user_id,
    title: 'Ahoy',
    page_id: ids.chatPage,
    persona_id: ids.persona,
    model: 'gpt-4o-mini',
    server: 'OpenAI API',
    conversation_type: 'chat',
    created_at: '2025-01-02 03:04:05',
  })
  old.insert(
    'messages',
    {
      id: 'm2',
      conversation_id: ids.conversation,
      sender: 'llm',
      message: 'Arr ⚓',
      created_at: '2025-01-02 03:04:07',
    },
    {
      id: 'm1',
      conversation_id: ids.conversation,
      sender: 'user',
      message: 'Ahoy',
      created_at: '2025-01-02 03:04:06.5',
    },
  )
  old.insert('tags', { id: ids.tag, user_id, name: 'sea', color: '#0000ff' })
  old.insert('conversation_tags', {
    conversation_id: ids.conversation,
    tag_id: ids.tag,
    created_at: '2025-01-02 03:04:05.490525',
  })
  old.insert('plugin', {
    id: lampId,
    plugin_slug: 'Lamp',
    name: 'Lamp',
    description: 'Lights',
    version: '1.0.0',
    scope: 'Lamp',
    bundle_location: 'dist/remoteEntry.js',
    source_url: 'https://github.com/ada/lamp',
    config_fields: '{"watts":60}',
    user_id,
  })
  old.insert('module', {
    id: `${lampId}_LampOn`,
    plugin_id: lampId,
    name: 'LampOn',
    enabled: 1,
    priority: 1,
    props: '{"a":1}',
    user_id,
  })
  old.insert('plugin_states', {
    id: ids.state,
    user_id,
    plugin_id: 'Lamp',
    state_data: '{"on": true}',
    state_strategy: 'persistent',
    version: 3,
  })
  old.insert('jobs', {
    id: ids.job,
    job_type: 'ollama.install',
    status: 'completed',
    payload: '{"model_name":"llama3","server_url":"http://localhost:11434","api_key":"secret"}',
    result: '{"model_name":"llama3"}',
    user_id,
    progress_percent: 100,
  })
  old.insert('job_progress_events', {
    id: dashed(hex('d')),
    job_id: ids.job,
    event_type: 'progress',
    data: '{"progress_percent":50}',
    sequence_number: 1,
  })
  old.insert('audit_logs', {
    id: dashed(hex('e')),
    event_type: 'auth.login_success',
    actor_type: 'user',
    actor_id: ada,
    status: 'success',
    extra_data: 'null',
  })
  await writePackage(join(old.plugins, 'shared', 'Lamp', 'v1.0.0'), pluginPackage())
  const notes = join(old.plugins, ada, '.metadata')
  mkdirSync(notes, { recursive: true })
  writeFileSync(
    join(notes, `${lampId}_remote.json`),
    JSON.stringify({ repo_owner: 'ada', repo_name: 'lamp', version: 'v1.0.0' }),
  )
  return old
}
