import "./styles/all.css";
