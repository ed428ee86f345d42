/* Asks the shop whether the payment is decided, says so in the live region, and goes on. The page is not loaded anew
   meanwhile, so whoever reads it or moves through it stays where they are. Without this script it is. Nothing is decided
   here. */
(function () {
  "use strict";
  var SECONDS_BETWEEN_QUESTIONS = 2;
  // Each look begins with so many questions to the shop's database, and ends with one to Stripe.
  var QUESTIONS = 5;
  // For the news to be heard before the next page is read.
  var SECONDS_TO_HEAR = 1;

  var waiting = document.getElementById("vipps-waiting");
  if (!waiting || !waiting.dataset.statusUrl) {
    return;
  }
  var left = Number(waiting.dataset.looksLeft) * (QUESTIONS + 1);

  function say(text) {
    waiting.querySelector("[aria-hidden]").remove();
    waiting.querySelector("span").textContent = text;
  }

  function goOn(answer) {
    say(answer.text);
    window.setTimeout(function () { window.location.replace(answer.url); }, SECONDS_TO_HEAR * 1000);
  }

  function later() {
    if (left > 0) {
      window.setTimeout(ask, SECONDS_BETWEEN_QUESTIONS * 1000);
    } else {
      // From here on it is for the shopper to look again.
      say(waiting.dataset.gaveUp);
    }
  }

  function ask() {
    left -= 1;
    var isForStripe = left % (QUESTIONS + 1) === 0;
    fetch(waiting.dataset.statusUrl + (isForStripe ? "?ask=stripe" : ""), { credentials: "same-origin", cache: "no-store" })
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
          goOn(answer);
        }
      }, later);
  }

  later();
})();
