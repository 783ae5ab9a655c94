# Asks the service six times, from inside the cluster, and shows which pod answered.
kubectl exec client -- sh -c '
for i in 1 2 3 4 5 6; do
  wget -qO- http://kuard/env/api | grep -o "kuard-[12]" | head -1
done'
