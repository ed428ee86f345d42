/* Asks the shop whether the payment is decided, and goes on when it is. Without this script the page
   loads itself anew instead. Nothing is decided here. */
(function () {
  "use strict";
  var SECONDS_BETWEEN_QUESTIONS = 2;
  var QUESTIONS = 5;

  var waiting = document.getElementById("vipps-waiting");
  if (!waiting || !waiting.dataset.looks) {
    return;
  }
  var asked = 0;

  function later() {
    window.setTimeout(ask, SECONDS_BETWEEN_QUESTIONS * 1000);
  }

  function goOn(url) {
    window.location.replace(url);
  }

  function ask() {
    asked += 1;
    if (asked > QUESTIONS) {
      // The page itself asks Stripe, and after some rounds leaves the choice to the shopper.
      goOn(waiting.dataset.nextUrl);
      return;
    }
    fetch(waiting.dataset.statusUrl, { credentials: "same-origin", cache: "no-store" })
      .then(function (response) {
        if (!response.ok) {
          throw new Error(String(response.status));
        }
        return response.json();
      })
      .then(function (answer) {
        if (answer.waiting) {
          later();
        } else {
          goOn(answer.url);
        }
      })
      .catch(later);
  }

  later();
})();
