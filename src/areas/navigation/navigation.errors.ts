import { defineError, defineErrorWith } from '../../shared/app-error.ts'

/** `id` with dashes, whichever way it came. */
export const routeNotFound = defineErrorWith(
  404,
  'navigation.not_found',
  (id: string) => `Navigation route with ID ${id} not found`,
)
export const routeExists = defineErrorWith(
  400,
  'navigation.route_exists',
  (route: string) => `Route with path '${route}' already exists`,
)
export const tooManyRoutes = defineError(
  400,
  'navigation.too_many',
  'You already have 2000 navigation routes: delete some first',
)
export const parentNotFound = defineError(400, 'navigation.parent_not_found', 'Parent route not found')
export const pageNotFound = defineError(400, 'navigation.page_not_found', 'The specified page does not exist')
export const ownParent = defineError(
  400,
  'navigation.own_parent',
  'Invalid hierarchy move: Route cannot be its own parent',
)
export const ownAncestor = defineError(
  400,
  'navigation.own_ancestor',
  'Invalid hierarchy move: Circular reference: route would become ancestor of itself',
)
export const circularChain = defineError(
  400,
  'navigation.circular_chain',
  'Invalid hierarchy move: Circular reference detected in parent chain',
)
export const fixedPage = defineError(400, 'navigation.fixed_page', 'Cannot change default page for this route')
export const fixedComponent = defineError(
  400,
  'navigation.fixed_component',
  'Cannot change default component for this route',
)
export const fixedName = defineError(400, 'navigation.fixed_name', 'Cannot change name for system routes')
export const fixedPath = defineError(400, 'navigation.fixed_path', 'Cannot change route path for system routes')
export const systemRoute = defineError(400, 'navigation.system_route', 'Cannot delete system routes')
export const routeInUse = defineErrorWith(
  400,
  'navigation.route_in_use',
  (count: number) => `Cannot delete route: ${count} page(s) are using this route`,
)
