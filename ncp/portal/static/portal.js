// Everything works without this: it tells that an answer is awaited, keeps a form from being sent
// twice meanwhile, and moves the focus to what has to be corrected.
"use strict";

const busy = document.getElementById("busy");

for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    busy.textContent = busy.dataset.text;
    for (const button of form.querySelectorAll("button")) {
      button.setAttribute("aria-disabled", "true");
    }
  });
}

// A page that the browser shows again from its memory is ready to be sent again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  busy.textContent = "";
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
  }
});

document.getElementById("summary")?.focus();
