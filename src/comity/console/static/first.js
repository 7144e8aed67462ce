// SPDX-License-Identifier: Apache-2.0
// Before anything is painted: the theme and the language that were chosen last, so that neither flashes.
(() => {
  const root = document.documentElement;
  const theme = localStorage.getItem("comity.theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  const language = localStorage.getItem("comity.language") ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");
  root.lang = language === "zh" ? "zh-Hans" : "en";
})();
