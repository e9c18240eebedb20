import { defineError, defineErrorWith } from '../../shared/app-error.ts'

export const componentNotFound = defineErrorWith(
  404,
  'components.not_found',
  (id: string) => `Component with ID ${id} not found`,
)
export const componentExists = defineErrorWith(
  400,
  'components.exists',
  (id: string) => `Component with ID '${id}' already exists`,
)
export const tooManyComponents = defineError(
  400,
  'components.too_many',
  'This user already has 1000 components: delete some first',
)
export const ownerNotFound = defineError(404, 'components.user_not_found', 'User not found')
export const systemComponent = defineError(400, 'components.system_component', 'Cannot delete system components')
