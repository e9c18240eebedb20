/** A reverse proxy that offers a server below a path, and takes the path off or leaves it on. */
export const startPathProxy = (target: string, basePath: string, takesOff: boolean) =>
  Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url)
      if (pathname !== basePath && !pathname.startsWith(`${basePath}/`))
        return new Response('elsewhere', { status: 404 })
      const path = takesOff ? pathname.slice(basePath.length) || '/' : pathname
      const { method, headers } = request
      const body = method === 'GET' || method === 'HEAD' ? {} : { body: await request.arrayBuffer() }
      return fetch(target + path + search, { method, headers, redirect: 'manual', decompress: false, ...body })
    },
  })
