import { Database } from 'bun:sqlite'

/** What the server is compared with: the same bytes or file from bare `Bun.serve`, and the same list from bare bun:sqlite. */
export interface BaselineInput {
  single: string
  list: string
  filePath: string
  databasePath: string
  userId: string
}
export interface BaselinePorts {
  single: number
  list: number
  file: number
  sqlite: number
}

const listen = (answer: () => string | Bun.BunFile, type = 'application/json'): number => {
  const headers = { 'content-type': type }
  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response(answer(), { headers }) })
  return server.port ?? 0
}

const listQuery = `SELECT id, user_id, title, page_context, page_id, model, server, conversation_type, persona_id, created_at, updated_at
  FROM conversations WHERE user_id = ? ORDER BY updated_at DESC, id DESC LIMIT 20`

const start = ({ single, list, filePath, databasePath, userId }: BaselineInput): BaselinePorts => {
  const statement = new Database(databasePath).query(listQuery)
  return {
    single: listen(() => single),
    list: listen(() => list),
    file: listen(() => Bun.file(filePath), 'text/javascript; charset=utf-8'),
    sqlite: listen(() => JSON.stringify(statement.all(userId))),
  }
}

process.on('message', (input: BaselineInput) => process.send?.(start(input)))
