// Filters to begin with, and a message to try them on.

export const SAMPLES = [
  { name: "Sort my mail", text: `require ["fileinto", "mailbox", "imap4flags", "variables"];

# What robots report goes aside, read already when all is well.
if header :contains "Subject" "[weather-station] build" {
    if header :contains "Subject" "passed" {
        addflag "\\\\Seen";
    }
    fileinto :create "Robots";
    stop;
}

# Each mailing list into a mailbox of its own.
if header :matches "List-Id" "*.lists.example.org*" {
    set :upperfirst "list" "\${1}";
    fileinto :create "Lists/\${list}";
    stop;
}

# Mail of these people is starred.
if address :is "from" ["amara@example.net", "priya@example.net"] {
    addflag "\\\\Flagged";
}
` },
  { name: "Keep spam away", text: `require ["fileinto", "reject"];

if header :contains "Subject" ["lucky winner", "cheap watches", "invoice (URGENT)"] {
    fileinto "Junk";
    stop;
}

# Nobody needs attachments this large.
if size :over 20M {
    reject "That is too much for my little mailbox.";
}
` },
  { name: "On holiday", text: `require ["vacation"];

vacation :days 7 :subject "On holiday"
    "I am away until the first of August and read my mail after that.";
` },
];

export const BLANK = `require ["fileinto", "mailbox"];

if header :contains "Subject" "" {
    fileinto :create "Sorted";
}
`;

export const MESSAGE = `From: Build Robot <builds@ci.example.org>
To: demo@example.org
Subject: [weather-station] build #812 passed
Date: Thu, 29 Jan 2026 06:30:00 +0000
Message-ID: <build-812@ci.example.org>
Content-Type: text/plain; charset=utf-8

weather-station, branch main, build #812: passed
`;
