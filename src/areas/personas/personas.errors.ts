import { defineError, defineErrorWith } from '../../shared/app-error.ts'

export const personaNotFound = defineError(404, 'personas.not_found', 'Persona not found')
export const invalidModelSettings = defineErrorWith(
  400,
  'personas.invalid_model_settings',
  (fault: string) => `Invalid model settings: ${fault}`,
)
export const noRoom = defineError(
  400,
  'personas.no_room',
  'Your personas are full (10,000 of them, or 24 MB): delete some first',
)
