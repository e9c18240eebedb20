/* global SwaggerUIBundle */
SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  filter: true,
  // Without this, Swagger UI sends the document to a public validator.
  validatorUrl: null,
})
