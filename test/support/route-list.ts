/** Routes that answer strangers. Everything else answers them 401. */
export const publicRoutes = [
  'GET /health',
  'GET /health/ready',
  'GET /openapi.json',
  'GET /api/v1/docs',
  'GET /api/v1/docs/assets/init.js',
  'GET /api/v1/docs/assets/swagger-ui-bundle.js',
  'GET /api/v1/docs/assets/swagger-ui.css',
  'POST /api/v1/auth/register',
  'POST /api/v1/auth/login',
  'POST /api/v1/auth/refresh',
]

/** The routes of the public API reference, area by area. */
export const referenceRoutes = [
  'GET /health',

  'POST /api/v1/auth/register',
  'POST /api/v1/auth/login',
  'POST /api/v1/auth/refresh',
  'POST /api/v1/auth/logout',
  'GET /api/v1/auth/me',
  'PUT /api/v1/auth/profile/username',
  'PUT /api/v1/auth/profile/password',

  'GET /api/v1/settings/definitions',
  'POST /api/v1/settings/definitions',
  'PATCH /api/v1/settings/definitions/{definition_id}',
  'PUT /api/v1/settings/definitions/{definition_id}',
  'DELETE /api/v1/settings/definitions/{definition_id}',
  'GET /api/v1/settings/instances',
  'POST /api/v1/settings/instances',
  'GET /api/v1/settings/instances/{instance_id}',
  'PATCH /api/v1/settings/instances/{instance_id}',
  'PUT /api/v1/settings/instances/{instance_id}',
  'DELETE /api/v1/settings/instances/{instance_id}',

  'GET /api/v1/users/{user_id}/conversations',
  'GET /api/v1/conversations/by-persona/{persona_id}',
  'POST /api/v1/conversations',
  'GET /api/v1/conversations/{conversation_id}',
  'GET /api/v1/conversations/{conversation_id}/with-messages',
  'GET /api/v1/conversations/{conversation_id}/with-persona',
  'PUT /api/v1/conversations/{conversation_id}',
  'PUT /api/v1/conversations/{conversation_id}/persona',
  'DELETE /api/v1/conversations/{conversation_id}',
  'GET /api/v1/conversations/{conversation_id}/messages',
  'POST /api/v1/conversations/{conversation_id}/messages',

  'GET /api/v1/ai/providers/providers',
  'POST /api/v1/ai/providers/validate',
  'GET /api/v1/ai/providers/models',
  'GET /api/v1/ai/providers/all-models',
  'POST /api/v1/ai/providers/generate',
  'POST /api/v1/ai/providers/chat',
  'POST /api/v1/ai/providers/cancel',
  'GET /api/v1/ai/settings/providers',
  'POST /api/v1/ai/settings/providers',
  'DELETE /api/v1/ai/settings/providers/{provider}/{instance_id}',
  'GET /api/v1/ai/settings/servers/{settings_id}',
]

/** Two spellings of one route are equal: what a parameter is called does not matter. */
export const toRouteShape = (route: string) => route.replaceAll(/:[^/]+|\{[^}]+\}/g, '{}').replace(/(.)\/$/, '$1')
