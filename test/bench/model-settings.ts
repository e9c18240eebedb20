import { ollamaServers } from '../support/chat.ts'
import type { BenchServer } from './server.ts'

/** Makes the model server at `url` the one that the chats of the benchmark use. */
export const useModelServer = (server: BenchServer, url: string): Promise<unknown> =>
  server.call('POST', '/api/v1/settings/instances', {
    definition_id: 'ollama_servers_settings',
    name: 'ollama_servers_settings',
    value: ollamaServers(url),
    scope: 'user',
    user_id: 'current',
  })
