export interface Target {
  port: number
  path: string
  headers?: Record<string, string>
}

const connections = 32

/** Answers per second while 32 requests are under way for `ms`, by Bun's own HTTP client: as a program that uses the API asks. */
export const measureRate = async ({ port, path, headers = {} }: Target, ms: number): Promise<number> => {
  const url = `http://127.0.0.1:${port}${path}`
  const startedAt = performance.now()
  let answers = 0
  const keepAsking = async () => {
    while (performance.now() - startedAt < ms) {
      const response = await fetch(url, { headers })
      await response.arrayBuffer()
      if (!response.ok) throw new Error(`${path} answered ${response.status}`)
      answers++
    }
  }
  await Promise.all(Array.from({ length: connections }, keepAsking))
  return answers / ((performance.now() - startedAt) / 1000)
}
