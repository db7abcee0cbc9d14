// A file that is chosen gives its name to an empty title.
const file = document.getElementById("id_file");
const title = document.getElementById("id_title");
file?.addEventListener("change", () => {
  if (title && !title.value) title.value = file.value.split("\\").pop().replace(/\.[^.]+$/, "");
});
