/* Before the first paint: the theme that was chosen here before, and the word that scripts run. Not a module, so nothing flashes. */
document.documentElement.classList.add("js");
try {
  const theme = localStorage.getItem("podschool.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  /* Storage is closed to us: the system's theme it is. */
}
