/** In UTF-16 units, as a schema counts. */
export const maxRouteLength = 1000

/** `a` and `/a` are one route, since clients write both. The given spelling comes first. */
export const routeSpellings = (route: string): [string, string] => [
  route,
  route.startsWith('/') ? route.slice(1) : `/${route}`,
]

/** What is found under the first of the routes that has something. */
export const findFirst = <T>(routes: string[], find: (route: string) => T | undefined): T | undefined => {
  for (const route of routes) {
    const found = find(route)
    if (found !== undefined) return found
  }
  return undefined
}

/** What the routes of all pages below a route begin with. */
export const toPrefix = (route: string): string => `${route.replace(/\/+$/, '')}/`

export const lastSegment = (route: string): string => route.replace(/\/+$/, '').split('/').at(-1) ?? ''

/** As the reference makes it (workspace.md 4.5). A name without a latin letter or digit becomes `page`. */
export const toSlug = (name: string): string => {
  const slug = name
    .toLowerCase()
    .replaceAll(' ', '-')
    .replaceAll(/[^a-z0-9-]/g, '')
  return /[a-z0-9]/.test(slug) ? slug : 'page'
}

/** `<route>-<unix seconds>`, then the same with `-2`, `-3` and so on. */
export const stampedRoutes = (route: string, now: number): string[] => {
  const stamped = `${route}-${Math.floor(now / 1000)}`
  return [stamped, ...Array.from({ length: 48 }, (_, index) => `${stamped}-${index + 2}`)]
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    // Clients send routes as they are: this one has a lone percent sign.
    return text
  }
}

/** What the rest of a path may mean, likeliest first: percent-encoded or not, with or without outer slashes. */
export const routesOfPath = (path: string): string[] => {
  const routes = [decode(path), path].flatMap((route) => [route, route.endsWith('/') ? route.slice(0, -1) : route])
  return [...new Set(routes.flatMap(routeSpellings))].filter((route) => route.length <= maxRouteLength)
}
