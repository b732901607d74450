// The description of the API as a page. What is tried out there is done in the session of who looks.

const place = document.querySelector("[data-openapi]");

window.SwaggerUIBundle({
  domNode: place,
  url: place.dataset.openapi,
  validatorUrl: null,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  requestInterceptor(request) {
    request.headers["X-CSRFToken"] = place.dataset.csrf;
    return request;
  },
});
