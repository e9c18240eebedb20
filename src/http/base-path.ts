type Handler = (request: Request) => unknown

/**
 * A step before the router, for servers that a proxy offers below a path such as `/brain`: takes the path off where the
 * proxy left it on. The request must stay the one that Bun knows, so only what it says of its address is replaced.
 */
export const withoutBasePath = (basePath: string) => (next: Handler, request: Request) => {
  const { url } = request
  const start = url.indexOf('/', 'https://'.length)
  const rest = url.slice(start + basePath.length)
  if (url.startsWith(basePath, start) && /^(?:[/?]|$)/.test(rest))
    Object.defineProperty(request, 'url', { value: `${url.slice(0, start)}${rest.startsWith('/') ? '' : '/'}${rest}` })
  return next
}
