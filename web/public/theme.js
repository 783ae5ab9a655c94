/* Before the first paint: the theme and the width of the text that were chosen here before, and the word that scripts run. Not a module, so nothing flashes and nothing moves. */
document.documentElement.classList.add("js");
try {
  const theme = localStorage.getItem("podschool.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  const { text } = JSON.parse(localStorage.getItem("podschool.layout") ?? "{}");
  if (text >= 25 && text <= 70) document.documentElement.style.setProperty("--text", `${text}%`);
} catch {
  /* Storage is closed to us, or what is in it is not ours: the system's theme and the usual width it is. */
}
