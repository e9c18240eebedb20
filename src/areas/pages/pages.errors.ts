import { defineError, defineErrorWith } from '../../shared/app-error.ts'

export const pageNotFound = defineError(404, 'pages.not_found', 'Page not found')
/** Clients look for the words "route" and "exist", and try again with another route. */
export const routeExists = defineError(400, 'pages.route_exists', 'A page with this route already exists')
export const routeTooLong = defineError(
  400,
  'pages.route_too_long',
  'The route would become longer than 1000 characters, for this page or one below it',
)
export const noUniqueRoute = defineErrorWith(
  400,
  'pages.no_unique_route',
  (name: string) => `Could not generate a unique route for page '${name}'`,
)
/** The same for an unknown route and for somebody else's: nobody learns which ids exist. */
export const unknownNavigationRoute = defineError(
  400,
  'pages.unknown_navigation_route',
  'The specified navigation route does not exist',
)
export const navigationRouteNotFound = defineError(
  404,
  'pages.navigation_route_not_found',
  'Navigation route not found',
)
export const invalidParentType = defineError(
  400,
  'pages.invalid_parent_type',
  'Invalid parent type. Must be one of: page, navigation, dashboard, plugin-studio, settings, or empty',
)
export const parentNotFound = defineErrorWith(
  400,
  'pages.parent_not_found',
  (route: string) => `Parent route ${route} not found`,
)
export const notAParent = defineErrorWith(
  400,
  'pages.not_a_parent',
  (name: string) => `Page '${name}' is not marked as a parent page`,
)
export const parentCycle = defineError(400, 'pages.cycle', 'A page cannot be moved below itself')
export const noBackup = defineError(400, 'pages.no_backup', 'No backup available for this page')
export const storageFull = defineError(413, 'pages.quota_exceeded', 'Page storage is full')
