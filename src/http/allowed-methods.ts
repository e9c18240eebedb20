interface Route {
  method: string
  path: string
}

const toPattern = (path: string) =>
  new RegExp(
    `^${path
      .replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
      .replaceAll(/:[^/]+/g, '[^/]+')
      .replaceAll(String.raw`\*`, '.*')}/?$`,
  )

/** The route of the web client, which leaves to us what is no file or page of it. */
const anything = '/*'

/** Which methods a path answers to: Elysia says 404 for a wrong method, the contract wants 405 with `Allow`. */
export const createAllowedMethods = (listRoutes: () => Route[]) => {
  let patterns: { pattern: RegExp; method: string }[] | undefined
  return (path: string): string[] | undefined => {
    patterns ??= listRoutes()
      .filter((route) => route.path !== anything)
      .map((route) => ({ pattern: toPattern(route.path), method: route.method }))
    const methods = new Set(patterns.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))
    if (methods.has('GET')) methods.add('HEAD')
    return methods.size > 0 ? [...methods].toSorted() : undefined
  }
}
