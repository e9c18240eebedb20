import { defineError } from '../../shared/app-error.ts'

export const personaNotFound = defineError(404, 'personas.not_found', 'Persona not found')
