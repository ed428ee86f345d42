// A box in the table's heading that ticks all the others of the page. Without it, each is ticked by itself.
(function () {
  "use strict";
  var boxes = Array.from(document.querySelectorAll("td input[type=checkbox][name=payment]"));
  if (!boxes.length) {
    return;
  }
  var heading = boxes[0].closest("table").querySelector("thead th");
  var all = document.createElement("input");
  all.type = "checkbox";
  all.setAttribute("aria-label", heading.textContent.trim());
  heading.textContent = "";
  heading.appendChild(all);

  function show() {
    var ticked = boxes.filter(function (box) { return box.checked; }).length;
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  }

  all.addEventListener("change", function () {
    boxes.forEach(function (box) { box.checked = all.checked; });
  });
  boxes.forEach(function (box) { box.addEventListener("change", show); });
  show();
})();
