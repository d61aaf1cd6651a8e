// The colours of what scripts draw, by day and by night; style sheets have theirs in raum.css.

export const night = matchMedia("(prefers-color-scheme: dark)");

const DAY = {
  paper: "#fffdf8", ink: "#1c2a25", mark: "#a8432a", states: "#eceae0", land: "#fbf9f2", towns: "#d9d3c2", lakes: "#c3dbe5", rivers: "#b7d3df",
  rail: "#a39c8b", districts: "#bfc3ae", edge: "#8d9a84", names: "#414c45", far: "#6f6a5c", halo: "rgba(251,249,242,.92)", facility: "#3b5b8c",
};
const NIGHT = {
  paper: "#1e2622", ink: "#ece9df", mark: "#f0a58e", states: "#1b211e", land: "#232b27", towns: "#39433e", lakes: "#2c4652", rivers: "#31505e",
  rail: "#6d7570", districts: "#4b5751", edge: "#7f8f84", names: "#d5d9d2", far: "#a3a99f", halo: "rgba(27,33,30,.9)", facility: "#9db9e6",
};

export const colours = () => (night.matches ? NIGHT : DAY);
