/** A release as GitHub's API sends it, cut to the fields that count. */
export interface FakeRelease {
  tag_name: string
  published_at?: string
  assets?: { name: string; browser_download_url: string; size: number; state?: string }[]
}

/** GitHub's API for releases on loopback, with ETags; `releases` is by `owner/repo`, the first one is the latest. */
export const fakeGithub = (releases: Record<string, FakeRelease[]>) => {
  const requests: { path: string; ifNoneMatch: string | null; headers: Headers }[] = []
  const state: { answerNext: (() => Response) | undefined } = { answerNext: undefined }
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request) => {
      const path = decodeURIComponent(new URL(request.url).pathname)
      const ifNoneMatch = request.headers.get('if-none-match')
      requests.push({ path, ifNoneMatch, headers: request.headers })
      const canned = state.answerNext
      state.answerNext = undefined
      if (canned) return canned()
      const [, name = '', wanted = ''] = /^\/repos\/([^/]+\/[^/]+)\/releases\/(.+)$/.exec(path) ?? []
      const known = releases[name] ?? []
      const release = wanted === 'latest' ? known[0] : known.find(({ tag_name }) => `tags/${tag_name}` === wanted)
      if (!release) return Response.json({ message: 'Not Found' }, { status: 404 })
      const body = JSON.stringify({ assets: [], published_at: null, tarball_url: `https://x.test/${name}`, ...release })
      const etag = `W/"${Bun.hash(body)}"`
      if (ifNoneMatch === etag) return new Response(null, { status: 304, headers: { etag } })
      return new Response(body, { headers: { etag, 'content-type': 'application/json' } })
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    host: `127.0.0.1:${server.port}`,
    requests,
    /** Answers the next request with this instead. */
    answerNext: (answer: () => Response) => {
      state.answerNext = answer
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}
